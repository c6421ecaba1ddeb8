import type { KubeClient } from './kube-client.js';
import { taskPool } from './task-pool.js';
import type { AccessQuestion } from './world.js';

export interface AccessChecks {
  isAllowed(question: AccessQuestion): boolean;
  stop(): void;
}

interface Answer {
  question: AccessQuestion;
  isAllowed: boolean;
  askedForMs: number;
}

const everyMs = 1500;
/** A question nobody asked for this long is dropped. */
const forgetAfterMs = 30_000;

function reviewOf({ namespace, serviceAccount, verb, resource }: AccessQuestion): object {
  const [named = '', subresource] = resource.split('/');
  const [plural, ...group] = named.split('.');
  return {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: {
      user: `system:serviceaccount:${namespace}:${serviceAccount}`,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
      resourceAttributes: { namespace, verb, resource: plural, group: group.join('.'), ...(subresource ? { subresource } : {}) },
    },
  };
}

/**
 * Answers of the real authorizer, asked in the background: the pure rules read the last answer, and `onChange` tells
 * the namespace whose answer turned. RBAC has no watchable "decision", so open questions are repeated.
 */
export function accessChecksOf(client: KubeClient, onChange: (namespace: string) => void, onError: (error: unknown) => void): AccessChecks {
  const answers = new Map<string, Answer>();
  const pool = taskPool(2, onError);

  const ask = (answer: Answer): void =>
    pool.run(async () => {
      const review = await client.request<{ status: { allowed: boolean } }>('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', reviewOf(answer.question));
      if (review.status.allowed === answer.isAllowed) return;
      answer.isAllowed = review.status.allowed;
      onChange(answer.question.namespace);
    });

  const timer = setInterval(() => {
    for (const [key, answer] of answers) {
      if (Date.now() - answer.askedForMs > forgetAfterMs) answers.delete(key);
      else ask(answer);
    }
  }, everyMs).unref();

  return {
    isAllowed(question) {
      const key = `${question.namespace}/${question.serviceAccount}/${question.verb}/${question.resource}`;
      let answer = answers.get(key);
      if (!answer) {
        answers.set(key, (answer = { question, isAllowed: true, askedForMs: Date.now() }));
        ask(answer);
      }
      answer.askedForMs = Date.now();
      return answer.isAllowed;
    },
    stop: () => clearInterval(timer),
  };
}
