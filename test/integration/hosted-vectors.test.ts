import { describe } from '@jest/globals';
import { connectVectors } from '../../src/adapters/vectors/connect-vectors.js';
import { DIMENSIONS, vectorIndexContract } from '../support/vectors/contract.js';
import { pineconeServer } from '../support/vectors/pinecone-server.js';
import { redisServer } from '../support/vectors/redis-server.js';

const DATABASE = { database: undefined as never };

describe('Pinecone, as its API document describes it', () => {
  vectorIndexContract(async () => {
    const { url, ...server } = await pineconeServer({ dimension: DIMENSIONS, apiKey: 'a-key' });
    return { ...server, connect: (embedder) => connectVectors({ backend: 'pinecone', url, apiKey: 'a-key', collection: 'kubernaut', timeoutMs: 5000 }, { ...DATABASE, embedder }) };
  });
});

/** With REDIS_URL (and REDIS_PASSWORD) that server, which must have search; what is at `kubernaut-contract` there is lost. */
describe('Redis search, as its documentation describes it', () => {
  vectorIndexContract(async () => {
    const real = process.env.REDIS_URL;
    if (real) return { close: async () => undefined, connect: (embedder) => connectVectors({ backend: 'redis', url: real, apiKey: process.env.REDIS_PASSWORD, collection: 'kubernaut-contract', timeoutMs: 5000 }, { ...DATABASE, embedder }) };
    const server = await redisServer({ password: 'a-password' });
    return {
      sent: server.sent!,
      close: () => server.close(),
      connect: (embedder) => connectVectors({ backend: 'redis', url: server.url, username: 'kubernaut', apiKey: 'a-password', collection: 'kubernaut-memory', timeoutMs: 5000 }, { ...DATABASE, embedder }),
    };
  });
});
