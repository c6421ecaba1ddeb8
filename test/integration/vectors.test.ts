import { describe } from '@jest/globals';
import { connectVectors } from '../../src/adapters/vectors/connect-vectors.js';
import { eachDatabase } from '../support/databases.js';
import { vectorIndexContract } from '../support/vectors/contract.js';

describe.each(eachDatabase())('pgvector on $name', ({ open }) => {
  vectorIndexContract(async () => {
    const database = await open();
    return {
      connect: (embedder) => connectVectors({ backend: 'pgvector', collection: 'kubernaut', timeoutMs: 1000 }, { database, embedder }),
      close: () => database.close(),
    };
  });
});
