import { readFileSync } from 'node:fs';

/** Of Linux on every architecture Node runs on (`getconf CLK_TCK`). */
const TICKS_PER_SECOND = 100;
const MIB = 1024 * 1024;

/** CPU seconds a process used so far, all threads, user and system; 0 once it is gone. */
export function cpuSecondsOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  } catch {
    return 0; // it ended between two looks
  }
}

/** Resident memory in MiB. */
export function rssMibOf(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return (Number(kib) * 1024) / MIB;
}

/** CPU seconds of the whole machine that were not idle. */
function busySeconds(): number {
  const [, user, nice, system, , , irq, softirq] = readFileSync('/proc/stat', 'utf8').split('\n')[0]!.split(/\s+/).map(Number);
  return (user! + nice! + system! + irq! + softirq!) / TICKS_PER_SECOND;
}

/** Cores used by each process, and by everything else on the machine, since the meter began. */
export function cpuMeter(pids: Readonly<Record<string, number>>): () => Record<string, number> {
  const names = Object.keys(pids);
  const startedAt = performance.now();
  const before = names.map((name) => cpuSecondsOf(pids[name]!));
  const busyBefore = busySeconds();
  return () => {
    const seconds = (performance.now() - startedAt) / 1000;
    const used = names.map((name, i) => cpuSecondsOf(pids[name]!) - before[i]!);
    const others = busySeconds() - busyBefore - used.reduce((sum, one) => sum + one, 0);
    return Object.fromEntries([...names.map((name, i) => [name, used[i]! / seconds] as const), ['others', Math.max(0, others) / seconds]]);
  };
}

/** Highest resident memory seen between start and `stop`, MiB. */
export function rssMeter(pid: number): { stop(): number } {
  let most = rssMibOf(pid);
  const timer = setInterval(() => (most = Math.max(most, rssMibOf(pid))), 200);
  return {
    stop() {
      clearInterval(timer);
      return most;
    },
  };
}
