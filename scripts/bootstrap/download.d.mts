export function download(url: string, file: string, say: (detail: string) => void, answerTimeoutMs?: number): Promise<void>;
