import type { Cluster } from '../../domain/ports.js';
import type { Rest } from './rest.js';

type Question = Parameters<Cluster['isAllowed']>[0];

const CACHE_MS = 60_000;
const MAX_ANSWERS = 5_000;

/** SelfSubjectAccessReview; each answer holds for a minute, a failed question is not remembered. */
export function accessReviews(rest: Rest, nowMs: () => number): (question: Question) => Promise<boolean> {
  const answers = new Map<string, { at: number; answer: Promise<boolean> }>();
  return (question) => {
    const key = [question.verb, question.group, question.resource, question.subresource, question.namespace, question.name].join('/');
    const known = answers.get(key);
    if (known && nowMs() - known.at < CACHE_MS) return known.answer;
    if (answers.size >= MAX_ANSWERS) answers.clear();
    const answer = askAccess(rest, question);
    answers.set(key, { at: nowMs(), answer });
    answer.catch(() => answers.delete(key));
    return answer;
  };
}

export async function askAccess(rest: Rest, question: Question): Promise<boolean> {
  const review = (await rest.send(
    {
      verb: 'create',
      path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes: question } },
    },
    { about: `permission to ${question.verb} ${question.resource}` },
  )) as { status?: { allowed?: boolean } };
  return review.status?.allowed === true;
}
