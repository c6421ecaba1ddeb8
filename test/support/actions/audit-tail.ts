import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Lines of the audit log that name an action, whatever was rotated meanwhile. Every byte is read once: a long run writes
 * a hundred megabytes, and asks for a ledger thousands of times.
 */
export function auditTail(auditLog: string): () => readonly string[] {
  /** By inode, which a file that is rotated away keeps: how far it was read, in whole lines. */
  const positions = new Map<number, number>();
  const lines: string[] = [];
  const folder = dirname(auditLog);
  return () => {
    // rotated files carry their time in their name, the current one sorts last
    const names = readdirSync(folder).filter((name) => name.startsWith('audit')).sort();
    const present = new Set<number>();
    for (const name of names) {
      const file = join(folder, name);
      const { ino, size } = statSync(file);
      present.add(ino);
      const from = positions.get(ino) ?? 0;
      const text = size > from ? wholeLines(file, from, size) : Buffer.alloc(0);
      positions.set(ino, from + text.length);
      for (const line of text.toString('utf8').split('\n')) if (line.includes('action=')) lines.push(line);
    }
    for (const ino of positions.keys()) if (!present.has(ino)) positions.delete(ino); // a new file may be given it again
    return lines;
  };
}

function wholeLines(file: string, from: number, to: number): Buffer {
  const chunk = Buffer.alloc(to - from);
  const handle = openSync(file, 'r');
  const read = readSync(handle, chunk, 0, chunk.length, from);
  closeSync(handle);
  return chunk.subarray(0, chunk.subarray(0, read).lastIndexOf(10) + 1);
}
