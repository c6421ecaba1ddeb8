import { formatDuration } from '../../domain/duration.js';

const HEARTBEAT_MS = 15_000;

/** One line when a step is done, with its time; while it lasts, what it is doing every 15 s. Plain text off a terminal. */
export function createProgress(out: NodeJS.WritableStream = process.stdout) {
  const startedAt = Date.now();
  return {
    line: (text: string): void => void out.write(`${text}\n`),
    elapsed: (): string => formatDuration(Date.now() - startedAt),
    async step<T>(name: string, work: (say: (what: string) => void) => Promise<T>, result: (value: T) => string = () => ''): Promise<T> {
      const from = Date.now();
      let doing = '';
      const timer = setInterval(() => out.write(`  … ${name} ${formatDuration(Date.now() - from)}${doing ? `  ${doing}` : ''}\n`), HEARTBEAT_MS);
      try {
        const value = await work((what) => (doing = what));
        out.write(`  ✔ ${name.padEnd(20)} ${formatDuration(Date.now() - from).padStart(6)}  ${result(value)}\n`);
        return value;
      } catch (error) {
        out.write(`  ✖ ${name.padEnd(20)} ${formatDuration(Date.now() - from).padStart(6)}\n`);
        throw error;
      } finally {
        clearInterval(timer);
      }
    },
  };
}
export type Progress = ReturnType<typeof createProgress>;
