import type { ModelAnswer, ModelRequest } from '../domain/ports.js';
import { countTokens } from './tokens.js';

const isCount = (tokens: number | undefined): tokens is number => typeof tokens === 'number' && Number.isSafeInteger(tokens) && tokens > 0;

/** What the provider said it used; what it did not say, or said as nonsense (some servers say 0), is counted here and marked. A budget must not be blind. */
export function withUsage(answer: ModelAnswer, request: Pick<ModelRequest, 'system' | 'prompt'>): ModelAnswer {
  const { inputTokens, outputTokens } = answer.usage;
  if (isCount(inputTokens) && isCount(outputTokens)) return answer;
  const count = (text: string): number => countTokens(text, answer.model);
  return {
    ...answer,
    usage: {
      ...answer.usage,
      inputTokens: isCount(inputTokens) ? inputTokens : count(request.system) + count(request.prompt),
      outputTokens: isCount(outputTokens) ? outputTokens : count(answer.text),
      isEstimated: true,
    },
  };
}
