import { TypeCompiler } from '@sinclair/typebox/compiler';
import { Type } from '@sinclair/typebox';
import { KubernetesEvent, KubernetesEvents } from '../contracts/kubernetes-event.js';
import type { KubeObject, World } from '../domain/kube.js';
import { fingerprintOf, type Signal } from '../domain/signal.js';
import { verifyBearer } from './bearer.js';
import { cleanMap, instantOf } from './clean.js';
import { defineSource, type ParsedSignals } from './define.js';
import { troubleFrom, warningIn } from './kubernetes-events.js';
import type { Trouble } from './kubernetes-object.js';
import { troubleIn } from './kubernetes-trouble.js';

const eventSchema = TypeCompiler.Compile(KubernetesEvent);

export const kubernetes = defineSource({
  id: 'kubernetes',
  summary: 'Kubernetes itself: conditions and Warning events from its watch, or events that somebody posts.',
  body: KubernetesEvents,
  contentTypes: ['application/json'],
  verifiesHeadersOnly: true,
  settings: Type.Object({
    watch: Type.Boolean({ default: false, examples: [true], description: 'turn bad conditions of pods, nodes, jobs and claims, and repeated Warning events, into signals' }),
  }),

  verify(_raw, headers, { tokens }) {
    verifyBearer(headers, tokens);
  },

  toSignals(body, context) {
    const parsed: ParsedSignals = { signals: [], rejected: [], truncated: 0 };
    for (const event of 'items' in body ? body.items : [body]) {
      if (!eventSchema.Check(event)) {
        parsed.rejected.push({ reason: `this is no Event: ${eventSchema.Errors(event).First()?.path || 'it cannot be read'}` });
        continue;
      }
      // A Normal event is good news for somebody else.
      if (event.type !== 'Warning') continue;
      const said = warningIn(event as unknown as KubeObject);
      if (said) parsed.signals.push(signalOf(troubleFrom(said), context));
      else parsed.rejected.push({ reason: `event ${(event.metadata.name ?? '').slice(0, 253)} names no object, reason or time` });
    }
    return parsed;
  },
});

/** What is wrong in a cluster right now, as signals. */
export const signalsIn = (world: World, context: { cluster: string; receivedAt: string }): Signal[] => troubleIn(world, context.receivedAt).map((trouble) => signalOf(trouble, context));

function signalOf({ alert, severity, object, labels, startsAt, summary, description }: Trouble, { cluster, receivedAt }: { cluster: string; receivedAt: string }): Signal {
  return {
    source: 'kubernetes',
    cluster,
    fingerprint: fingerprintOf('kubernetes', { ...labels, alertname: alert, cluster }),
    status: 'firing',
    alert,
    severity,
    startsAt: instantOf(startsAt) ?? receivedAt,
    receivedAt,
    labels: cleanMap({ alertname: alert, severity, ...labels }),
    annotations: cleanMap({ summary, description }),
    hints: [object],
  };
}
