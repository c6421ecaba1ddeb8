import { Type } from '@sinclair/typebox';
import { KubernautError } from '../domain/errors.js';
import type { Model, ModelAnswer, ModelRequest } from '../domain/ports.js';
import { classifyHttp } from './classify.js';
import { defineModel } from './define.js';

/** Answers what it was told to, in order; the last answer repeats. For tests and demos: no key, no network. */
export const scripted = defineModel({
  id: 'scripted',
  summary: 'Answers from a list, for tests and demos.',
  config: Type.Object(
    {
      /** Texts, or JSON values that are sent as text. */
      answers: Type.Array(Type.Unknown(), { minItems: 1 }),
      model: Type.Optional(Type.String()),
    },
    { additionalProperties: false },
  ),
  connect: async ({ answers, model = 'scripted' }) => scriptedModel(answers, model),
  classify: (error) => classifyHttp('model scripted', error),
});

export type Script = readonly unknown[] | ((request: ModelRequest, turn: number) => unknown);

/** From a list or a function. An Error in the script is thrown. */
export function scriptedModel(script: Script, model = 'scripted'): Model & { readonly requests: ModelRequest[] } {
  const requests: ModelRequest[] = [];
  return {
    id: model,
    requests,
    async answer(request): Promise<ModelAnswer> {
      const turn = requests.push(request) - 1;
      const answer = typeof script === 'function' ? script(request, turn) : script[Math.min(turn, script.length - 1)];
      if (answer instanceof Error) throw answer;
      if (answer === undefined) throw new KubernautError('ModelAnswerInvalid', { message: 'the script has no answer', why: 'empty' });
      const text = typeof answer === 'string' ? answer : JSON.stringify(answer);
      return { text, model, usage: { inputTokens: Math.ceil((request.system.length + request.prompt.length) / 4), outputTokens: Math.ceil(text.length / 4) } };
    },
  };
}
