import { createWriteStream, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const MOST_BYTES = 50 * 1024 * 1024;

/** Appends to a file; when it is full it becomes `<file>.previous`, so that a process that runs for months fills no disk. */
export function rotatingLog(file: string, mostBytes = MOST_BYTES): { write(chunk: string | Buffer): void; end(): Promise<void> } {
  mkdirSync(dirname(file), { recursive: true });
  let bytes = existsSync(file) ? statSync(file).size : 0;
  let stream = createWriteStream(file, { flags: 'a' });
  return {
    write(chunk) {
      if (bytes > 0 && bytes + chunk.length > mostBytes) {
        stream.end();
        // What is still buffered follows the file under its new name.
        if (existsSync(file)) renameSync(file, `${file}.previous`);
        stream = createWriteStream(file, { flags: 'a' });
        bytes = 0;
      }
      bytes += chunk.length;
      stream.write(chunk);
    },
    end: () => new Promise((resolve) => stream.end(resolve)),
  };
}
