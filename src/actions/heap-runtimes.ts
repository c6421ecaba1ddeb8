const MIB = 1024 * 1024;

export interface HeapRuntime {
  /** Of the file: what the runtime's tools expect. */
  extension: string;
  /** Program and arguments; of all that varies only the file's name comes in. The process is the container's first. */
  dump(file: string): string[];
  /** What the dumping program itself takes of the container's memory. */
  headroomBytes: number;
}

/**
 * Runtimes that dump when they are told to from outside, into a file of a given name, and that tolerate a second order while
 * the file is there: `jcmd` refuses to overwrite, `dotnet-gcdump` replaces the whole file.
 *
 * Left out, because they cannot: Node.js (only with a signal that its owner built in, into a name of its own), Go (only over its
 * own pprof port), Python and Ruby (no dump without code of theirs in the process).
 */
export const HEAP_RUNTIMES: Readonly<Record<string, HeapRuntime>> = {
  jvm: { extension: 'hprof', dump: (file) => ['jcmd', '1', 'GC.heap_dump', file], headroomBytes: 64 * MIB },
  dotnet: { extension: 'gcdump', dump: (file) => ['dotnet-gcdump', 'collect', '-p', '1', '-o', file], headroomBytes: 256 * MIB },
};
