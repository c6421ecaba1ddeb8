import { describe } from '@jest/globals';
import { connectVectors } from '../../src/adapters/vectors/connect-vectors.js';
import { vectorIndexContract } from '../support/vectors/contract.js';
import { recordedServer } from '../support/vectors/recorded-server.js';

const RECORDED = 'test/fixtures/weaviate/contract.json';

/** The answers of a real Weaviate 1.35.2, recorded; with WEAVIATE_URL (and WEAVIATE_API_KEY) that server, recorded anew. */
describe('Weaviate', () => {
  vectorIndexContract(async () => {
    const { url, ...server } = await recordedServer(RECORDED, process.env.WEAVIATE_URL);
    const apiKey = process.env.WEAVIATE_API_KEY ?? 'a-key';
    return {
      ...server,
      connect: (embedder) => connectVectors({ backend: 'weaviate', url, apiKey, collection: 'kubernaut-contract', timeoutMs: 10_000 }, { database: undefined as never, embedder }),
    };
  });
});
