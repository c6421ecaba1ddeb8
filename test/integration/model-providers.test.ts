import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { KubernautError } from '../../src/domain/errors.js';
import type { Model, ModelRequest } from '../../src/domain/ports.js';
import { connectModel, models } from '../../src/models/index.js';
import { BROKEN, json, startBadModelServer, type BadModelServer, type Behaviour } from '../support/bad-model-server.js';
import { authority, issuedBy } from '../support/certificates.js';
import { KEY, MODEL_WIRES, NAME, type ModelWire, type Rung } from '../support/model-wires.js';

const TEXT = '{"a":"b"}';
const request: ModelRequest = {
  system: 'You decide.', prompt: 'The data.', schemaName: NAME, timeoutMs: 5000,
  schema: { type: 'object', additionalProperties: false, required: ['a'], properties: { a: { type: 'string' }, n: { type: 'integer' } } },
};
const RUNGS: Rung[] = ['json_schema', 'tool_call', 'json_object'];

let server: BadModelServer;
beforeAll(async () => void (server = await startBadModelServer()));
afterAll(() => server.close());

it('every provider but the scripted one is tried here', () => {
  expect(MODEL_WIRES.map((w) => w.id).sort()).toEqual(models.ids.filter((id) => id !== 'scripted').sort());
});

describe.each(MODEL_WIRES.map((w) => [w.id, w] as const))('%s', (id, wire) => {
  const connect = (origin = server.origin): Promise<Model> => connectModel(id, wire.config(origin));
  const rungs = (): Rung[] => server.bodies.map(wire.rungOf);

  async function failureOf(behaviour: Behaviour, timeoutMs = 5000): Promise<KubernautError> {
    server.behave(behaviour);
    const error: unknown = await (await connect()).answer({ ...request, timeoutMs }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(KubernautError);
    expect(`${(error as Error).message} ${JSON.stringify((error as KubernautError).details)}`).not.toContain(KEY);
    return error as KubernautError;
  }

  /** Knows one rung only, as older servers do. */
  const knowing = (known: Rung, text = TEXT): Behaviour => ({ body }, reply) => {
    const isKnown = wire.rungOf(body) === known;
    reply.writeHead(isKnown ? 200 : 400, { 'content-type': 'application/json' }).end(isKnown ? wire.answer(text, known) : '{"error":{"message":"unsupported"}}');
  };

  describe('an answer', () => {
    it('is the text, with who gave it and what it used', async () => {
      server.behave(knowing('json_schema'));
      await expect((await connect()).answer(request)).resolves.toEqual({ text: TEXT, model: 'm', usage: { inputTokens: 812, outputTokens: 64 } });
    });

    it('is asked for at the right path, signed in the right way, and the key is nowhere else', async () => {
      server.behave(knowing('json_schema'));
      await (await connect()).answer(request);
      const [call] = server.calls;
      expect(call!.path).toMatch(wire.path);
      expect(wire.isSigned(call!.headers)).toBe(true);
      expect(`${JSON.stringify(call!.body)}${call!.path}`).not.toContain(KEY);
    });

    it('carries system and data apart', async () => {
      server.behave(knowing('json_schema'));
      await (await connect()).answer(request);
      expect(JSON.stringify(server.bodies[0])).toMatch(/You decide\./);
      expect(JSON.stringify(server.bodies[0].messages.at(-1))).toMatch(/The data\./);
      expect(JSON.stringify(server.bodies[0].messages.at(-1))).not.toMatch(/You decide\./);
    });

    it('whose usage is not said is counted', async () => {
      const { usage: _usage, ...body } = JSON.parse(wire.answer(TEXT, 'json_schema')) as Record<string, unknown>;
      server.behave(json(JSON.stringify(body)));
      const { usage } = await (await connect()).answer(request);
      expect(usage).toEqual({ inputTokens: expect.any(Number), outputTokens: expect.any(Number), isEstimated: true });
      expect(usage.inputTokens).toBeGreaterThan(3);
    });
  });

  describe('the ladder', () => {
    it.each(RUNGS)('ends at %s on a server that knows that alone, and starts there the second time', async (known) => {
      server.behave(knowing(known));
      const model = await connect();
      expect([(await model.answer(request)).text, (await model.answer(request)).text]).toEqual([TEXT, TEXT]);
      expect(rungs()).toEqual([...RUNGS.slice(0, RUNGS.indexOf(known) + 1), known]);
    });

    it('asks one rung lower after an answer that is no JSON: that server ignored the schema', async () => {
      server.behave(({ body }, reply) => void reply.writeHead(200, { 'content-type': 'application/json' }).end(wire.answer(rungs().length === 1 ? 'Sure! Here is' : TEXT, wire.rungOf(body))));
      const model = await connect();
      expect((await model.answer(request)).text).toBe('Sure! Here is');
      expect((await model.answer(request)).text).toBe(TEXT);
      expect(rungs()).toEqual(['json_schema', 'tool_call']);
    });

    it('puts the schema into words at its end', async () => {
      server.behave(knowing('json_object'));
      await (await connect()).answer(request);
      expect(JSON.stringify(server.bodies.map((b) => wire.rungOf(b) === 'json_object' && JSON.stringify(b)).at(-1))).toContain('additionalProperties');
    });

    it('is not climbed down for a wrong key', async () => {
      expect((await failureOf(json('{}', 401))).code).toBe('ModelRejected');
      expect(rungs()).toEqual(['json_schema']);
    });

    it('has one time for all rungs', async () => {
      const error = await failureOf(({ body }, reply) => {
        if (wire.rungOf(body) === 'json_schema') setTimeout(() => reply.writeHead(400).end('{}'), 150);
      }, 300);
      expect(error.code).toBe('ModelUnavailable');
    });
  });

  describe('a status', () => {
    it.each([
      [302, 'ModelRejected'], [400, 'ModelRejected'], [401, 'ModelRejected'], [403, 'ModelRejected'], [404, 'ModelRejected'], [408, 'ModelUnavailable'], [409, 'ModelUnavailable'],
      [413, 'ModelRejected'], [429, 'ModelUnavailable'], [500, 'ModelUnavailable'], [503, 'ModelUnavailable'], [529, 'ModelUnavailable'],
    ])('of %i is %s', async (status, code) => {
      const error = await failureOf(json(`{"error":{"type":"x","message":"your key ${KEY} is wrong"},"message":"${KEY}"}`, status, { location: 'http://127.0.0.1:1/' }));
      expect(error).toMatchObject({ code, details: { status } });
    });

    it('of 502 with a page is ModelUnavailable', async () => {
      const page: Behaviour = (_call, reply) => void reply.writeHead(502, { 'content-type': 'text/html' }).end(`<html>bad gateway ${KEY}</html>`);
      expect((await failureOf(page)).code).toBe('ModelUnavailable');
    });

    it.each([
      ['seconds', '7', 7000],
      ['garbage', 'soon', undefined],
      ['enormous', '99999999999999999999', 3_600_000],
      ['a date long past', 'Thu, 01 Jan 1998 12:00:30 GMT', undefined],
      ['a date', new Date(Date.now() + 600_000).toUTCString(), expect.any(Number)],
    ])('of 429 with Retry-After in %s', async (_name, header, ms) => {
      const error = await failureOf(json('{}', 429, { 'retry-after': header }));
      expect(error.details.retryAfterMs).toEqual(ms);
      expect(server.calls).toHaveLength(1);
    });

    it('that redirects takes the prompt and the key nowhere', async () => {
      const elsewhere = await startBadModelServer();
      const error = await failureOf(json('', 307, { location: elsewhere.origin })).finally(() => elsewhere.close());
      expect(error.code).toBe('ModelRejected');
      expect(elsewhere.calls).toEqual([]);
    });
  });

  describe('a broken server', () => {
    it.each(Object.entries(BROKEN))('that %s is ModelUnavailable, in time and asked once', async (_name, behaviour) => {
      expect((await failureOf(behaviour, 250)).code).toBe('ModelUnavailable');
      expect(server.calls).toHaveLength(1);
    });

    it.each([
      ['refuses the connection', 'http://127.0.0.1:9'],
      ['has no address', 'http://nowhere.invalid'],
    ])('that %s is ModelUnavailable', async (_name, origin) => {
      await expect((await connect(origin)).answer(request)).rejects.toMatchObject({ code: 'ModelUnavailable' });
    });

    it('whose certificate nobody trusts is ModelUnavailable, and gets no key', async () => {
      const secure = await startBadModelServer(issuedBy(authority('nobody'), 'localhost'));
      await expect((await connect(secure.origin)).answer(request)).rejects.toMatchObject({ code: 'ModelUnavailable' });
      expect(secure.calls).toEqual([]);
      await secure.close();
    });

    it.each<[string, string]>([
      ['nothing', ''], ['null', 'null'], ['a string', '"hello"'], ['a number', '42'], ['a list', '[]'], ['an empty object', '{}'], ['a page', '<html>welcome</html>'],
      ['half an object', '{"choices":[{"message":{"content":"{'], ['two objects', '{}{}'], ['NaN', '{"usage":{"prompt_tokens":NaN}}'], ['fenced JSON', '```json\n{}\n```'],
      ['deep nesting', `${'['.repeat(200_000)}${']'.repeat(200_000)}`],
      ['a deep member', `{"choices":${'['.repeat(100_000)}${']'.repeat(100_000)},"content":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
      ['prototypes', '{"__proto__":{"choices":[{"message":{"content":"{}"}}]},"constructor":{"prototype":{"content":[]}}}'],
      ['ten mebibytes', `{"x":"${'x'.repeat(10 * 1024 * 1024)}"}`],
      ['ten mebibytes of spaces', ' '.repeat(10 * 1024 * 1024)],
      ...Object.entries(wire.hollow),
    ])('that answers %s with 200 is ModelAnswerInvalid', async (_name, body) => {
      expect((await failureOf(json(body))).code).toBe('ModelAnswerInvalid');
      expect(server.calls).toHaveLength(1);
    });
  });

  it('a good answer of ten mebibytes is not even read to its end', async () => {
    const huge = wire.answer(JSON.stringify({ a: 'x'.repeat(10 * 1024 * 1024) }), 'json_schema');
    expect(await failureOf(json(huge))).toMatchObject({ code: 'ModelAnswerInvalid', details: { why: 'too large', fault: 'provider' } });
  });

  it('ends at once when nobody waits for the answer any more', async () => {
    const stop = new AbortController();
    server.behave(() => stop.abort());
    await expect((await connect()).answer({ ...request, timeoutMs: 600_000, signal: stop.signal })).rejects.toMatchObject({ code: 'ModelUnavailable' });
    expect(server.calls).toHaveLength(1);
  });

  describe('the words of a model', () => {
    it('cut off at the token limit are no answer, and the model is to blame', async () =>
      expect(await failureOf(json(wire.cutOff))).toMatchObject({ code: 'ModelAnswerInvalid', details: { fault: 'model', why: expect.stringContaining('cut off') } }));

    it('of refusal are no answer, and the model is to blame', async () => {
      expect(await failureOf(json(wire.refusal!))).toMatchObject({ code: 'ModelAnswerInvalid', details: { fault: 'model' } });
    });

    it.each([
      ['an object, then another', '{"a":"b"}{"a":"c"}'], ['fenced', '```json\n{"a":"b"}\n```'], ['with prose behind', '{"a":"b"} I hope this helps.'], ['duplicate keys', '{"a":"b","a":"c"}'],
      ['a prototype', '{"__proto__":{"a":"b"}}'], ['NaN', '{"a":NaN}'], ['null', 'null'], ['a string', '"hello"'],
    ])('are handed on as they are for the strict parser to refuse: %s', async (_name, text) => {
      server.behave(json(wire.answer(text, 'json_schema')));
      expect((await (await connect()).answer(request)).text).toBe(text);
    });
  });

  it('writes nothing to the screen, whatever fails', async () => {
    const spies = (['log', 'info', 'warn', 'error', 'debug'] as const).map((level) => jest.spyOn(console, level).mockImplementation(() => undefined));
    await failureOf(json(`{"error":{"message":"${KEY}"}}`, 401));
    await failureOf(json('{', 200));
    expect(spies.flatMap((s) => s.mock.calls)).toEqual([]);
    spies.forEach((s) => s.mockRestore());
  });
});

describe('what one provider has of its own', () => {
  const answered = async (id: ModelWire['id'], config: object): Promise<{ path: string; headers: Record<string, unknown>; body: any }> => {
    const wire = MODEL_WIRES.find((w) => w.id === id)!;
    server.behave(({ body }, reply) => void reply.writeHead(200, { 'content-type': 'application/json' }).end(wire.answer(TEXT, wire.rungOf(body))));
    await (await connectModel(id, { ...wire.config(server.origin), ...config })).answer(request);
    return server.calls[0] as never;
  };

  it('azure: a dated API has the deployment in its path and its version in the query', async () => {
    const { path } = await answered('azure', { apiVersion: '2024-10-21', model: 'gpt 4o' });
    expect(path).toBe('/openai/deployments/gpt%204o/chat/completions?api-version=2024-10-21');
  });

  it.each(['/', '/openai', '/openai/v1', '/openai/v1/'])('azure: the endpoint may end in %s', async (tail) => {
    const { path } = await answered('azure', { endpoint: server.origin + tail });
    expect(path).toBe('/openai/v1/chat/completions');
  });

  it('bedrock: an API key travels as a bearer token', async () => {
    const { headers } = await answered('bedrock', { apiKey: 'bedrock-key', accessKeyId: undefined, secretAccessKey: undefined });
    expect(headers['authorization']).toBe('Bearer bedrock-key');
  });

  it('bedrock: temporary credentials bring their token', async () => {
    const { headers } = await answered('bedrock', { sessionToken: 'session' });
    expect(headers['x-amz-security-token']).toBe('session');
  });

  it('bedrock: what was configured wins over a bearer token in the environment', async () => {
    process.env['AWS_BEARER_TOKEN_BEDROCK'] = 'from-the-environment';
    try {
      expect((await answered('bedrock', {})).headers['authorization']).toMatch(/^AWS4-HMAC-SHA256 /);
    } finally {
      delete process.env['AWS_BEARER_TOKEN_BEDROCK'];
    }
  });

  it('bedrock: the model may be an ARN', async () => {
    const { path } = await answered('bedrock', { model: 'arn:aws:bedrock:eu-central-1:1:inference-profile/eu.anthropic.x' });
    expect(decodeURIComponent(path)).toBe('/model/arn:aws:bedrock:eu-central-1:1:inference-profile/eu.anthropic.x/converse');
  });

  it('openai and anthropic: keys in the environment are not taken', async () => {
    process.env['OPENAI_ORG_ID'] = 'org-x';
    process.env['ANTHROPIC_AUTH_TOKEN'] = 'token-x';
    try {
      expect((await answered('openai', {})).headers['openai-organization']).toBeUndefined();
      expect((await answered('anthropic', {})).headers['authorization']).toBeUndefined();
    } finally {
      delete process.env['OPENAI_ORG_ID'];
      delete process.env['ANTHROPIC_AUTH_TOKEN'];
    }
  });

  it.each([
    ['ollama', 'http://localhost:11434/v1'], ['localai', 'http://localhost:8080/v1'], ['ramalama', 'http://localhost:8080/v1'], ['huggingface', 'https://router.huggingface.co/v1'], ['openai', 'https://api.openai.com/v1'], ['anthropic', 'https://api.anthropic.com'],
  ] as const)('%s goes to %s without an endpoint', (id, home) => expect((models.get(id).config.properties as Record<string, { description: string }>)['endpoint']!.description).toContain(home));
});
