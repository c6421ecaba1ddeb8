export function hashOfFile(path: string): string;
export function hashOfTree(root: string, entries: readonly string[]): string;
export function isInstalled(root: string): boolean;
export function readMark(path: string): string | undefined;
export function writeMark(path: string, value: string): void;
