export function cacheDir(name: string, version: string): string;

/** Fills `dir` once; `file` must be inside for it to count as filled. */
export function installInto(job: {
  dir: string;
  file: string;
  write(temporaryDir: string): Promise<unknown>;
  onWait?(ownerPid: number): void;
}): Promise<void>;
