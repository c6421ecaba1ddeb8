import { Type } from '@sinclair/typebox';
import type { FastifyInstance } from 'fastify';
import type { PolicySource } from '../workers/policy-source.js';

const Overlay = Type.Object(
  {
    autonomy: Type.Optional(Type.Unsafe<'observe' | 'suggest' | 'approve' | 'auto'>({ type: 'string', enum: ['observe', 'suggest', 'approve', 'auto'] })),
    approvalTimeout: Type.Optional(Type.String({ pattern: '^([0-9]+(ms|s|m|h|d))+$' })),
    actions: Type.Optional(Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown()))),
  },
  { additionalProperties: true },
);

interface Route {
  Params: { namespace: string };
  Body: Parameters<PolicySource['overlay']>[1];
}

/** Scenarios bring their own policy for their own namespace. Only a sandbox has this: a real policy is a file under review. */
export function registerSandboxPolicy(app: FastifyInstance, policy: PolicySource): void {
  app.put<Route>('/api/v1/sandbox/policy/:namespace', { schema: { body: Overlay, hide: true } }, async (request, reply) => {
    policy.overlay(request.params.namespace, request.body);
    return reply.code(204).send();
  });
  app.delete<Route>('/api/v1/sandbox/policy/:namespace', { schema: { hide: true } }, async (request, reply) => {
    policy.overlay(request.params.namespace, undefined);
    return reply.code(204).send();
  });
}
