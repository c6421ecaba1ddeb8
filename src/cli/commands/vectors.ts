import { Command } from 'commander';
import { rebuildMemory } from '../../workers/rebuild-memory.js';
import { openDatabase } from '../../adapters/postgres/database.js';
import { createStore } from '../../adapters/postgres/store.js';
import { connectVectors } from '../../adapters/vectors/connect-vectors.js';
import { loadConfig } from '../../config/load.js';
import type { Store, Embedder, VectorIndex } from '../../domain/ports.js';
import { databaseOf, embedderOf, vectorsOf } from '../../workers/compose.js';
import { withExamples } from '../examples.js';
import { remark, writeLine } from '../output.js';

export function vectorsCommand(): Command {
  const command = new Command('vectors')
    .description('the index of past incidents: what it holds; rebuild: make it again from the facts in the database')
    .action((_options: object, self: Command) => withMemory(self, async ({ vectors }) => writeLine(await vectors.health())))
    .addCommand(rebuildCommand());
  return withExamples(command, 'kubernaut vectors', 'kubernaut vectors rebuild');
}

const rebuildCommand = (): Command =>
  withExamples(
    new Command('rebuild')
      .description('empty the index that is configured and fill it again: after it was lost, or with another embedder or backend')
      .action((_options: object, self: Command) =>
        withMemory(self, async (memory) => {
          const count = await rebuildMemory(memory, (done) => remark(`${String(done)} so far`));
          writeLine(`${String(count)} incidents are in ${memory.vectors.name}`);
        }),
      ),
    'kubernaut vectors rebuild',
  );

/** On the database itself: the embedded one has one owner, so `up` must not run. */
async function withMemory(self: Command, work: (memory: { store: Store; embedder: Embedder; vectors: VectorIndex }) => Promise<void>): Promise<void> {
  const { dataDir } = self.optsWithGlobals<{ dataDir?: string }>();
  const config = loadConfig({ flags: { dataDir } });
  const database = await openDatabase(databaseOf(config));
  try {
    const embedder = embedderOf(config);
    const vectors = connectVectors(vectorsOf(config), { database, embedder });
    await work({ store: createStore(database), embedder, vectors }).finally(() => vectors.close());
  } finally {
    await database.close();
  }
}
