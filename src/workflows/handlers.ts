import { ApplicationFailure, defineQuery, defineSignal, defineUpdate, setHandler } from '@temporalio/workflow';
import { MESSAGES, type Decision, type DecisionReply, type Resolved, type TimelineEntry } from '../domain/messages.js';
import type { Remediation } from '../contracts/remediation.js';
import type { Plan } from '../domain/plan.js';
import type { Signal } from '../domain/signal.js';
import type { Run } from './run.js';
import { join } from './state.js';

/** Everything that can be said to or asked of a running remediation. Names are permanent: people type them. */
export function installHandlers(run: Run): void {
  receiveSignals(run);
  receiveDecisions(run);
  answerQueries(run);
}

function receiveSignals(run: Run): void {
  const { state } = run;
  setHandler(
    defineSignal<[Signal]>(MESSAGES.signalReceived),
    (signal) => {
      const what = join(state.problems, signal);
      if (what) run.note(what);
    },
    { description: 'An alert on this target: fired, fired again or resolved. Sent by the gateway.' },
  );
  setHandler(
    defineSignal<[Resolved?]>(MESSAGES.resolved),
    (resolved) => {
      for (const p of state.problems) {
        if (p.status === 'resolved' || (resolved?.fingerprint && resolved.fingerprint !== p.fingerprint)) continue;
        p.status = 'resolved';
        p.resolvedAt = resolved?.at ?? run.now();
        run.note(`${p.alert} resolved`);
      }
    },
    { description: 'The trouble is over: {"fingerprint"?}. Without input every problem of this remediation is resolved.' },
  );
  setHandler(
    defineSignal<[Decision?]>(MESSAGES.cancel),
    (decision) => {
      state.cancel ??= decision ?? {};
      run.note(`cancelled by ${decision?.by ?? 'a person'}`);
      run.scope.cancel();
    },
    { description: 'Stop and undo what was applied: {"by"?, "reason"?}.' },
  );
  setHandler(
    defineSignal<[Decision?]>(MESSAGES.undo),
    (decision) => {
      state.undo ??= decision ?? {};
      run.note(`undo asked by ${decision?.by ?? 'a person'}`);
    },
    { description: 'Undo the applied steps while they are being verified: {"by"?, "reason"?}.' },
  );
}

function receiveDecisions(run: Run): void {
  for (const kind of ['approve', 'reject'] as const) {
    setHandler(
      defineSignal<[Decision?]>(MESSAGES[kind]),
      (decision) => {
        const refusal = whyNot(run, decision ?? {});
        if (refusal) run.note(`${kind} ignored: ${refusal}`);
        else run.state.decision = { ...decision, kind };
      },
      { description: `${kind} the pending plan: {"by"?, "reason"?, "plan"?: hash or its first digits}. Without "plan" it is about the plan that waits now.` },
    );
    setHandler(
      defineUpdate<DecisionReply, [Decision]>(kind === 'approve' ? MESSAGES.approveRemediation : MESSAGES.rejectRemediation),
      (decision) => {
        run.state.decision = { ...decision, kind };
        return { accepted: true, remediationId: run.state.doc.id, planHash: run.state.plan!.hash };
      },
      {
        description: `${kind} the pending plan and learn at once whether that was accepted: {"by"?, "reason"?, "plan"?}.`,
        // Synchronous by contract: an async validator is never awaited and would accept everything.
        validator: (decision) => {
          const refusal = whyNot(run, decision ?? {});
          if (refusal) throw ApplicationFailure.nonRetryable(refusal, 'Conflict');
        },
      },
    );
  }
}

function whyNot({ state }: Run, decision: Decision): string | undefined {
  const { doc } = state;
  if (doc.phase !== 'awaiting_approval') return `remediation ${doc.id} is ${doc.outcome ?? doc.phase}; there is nothing to decide`;
  if (state.decision) return `remediation ${doc.id} was already decided by ${state.decision.by ?? 'a person'}`;
  const hash = state.plan?.hash ?? '';
  if (decision.plan !== undefined && (decision.plan.length < 6 || !hash.startsWith(decision.plan))) {
    return `the plan of ${doc.id} is now ${hash.slice(0, 10)}, not ${decision.plan.slice(0, 64)}; look at it again with: kubernaut show ${doc.id}`;
  }
  return undefined;
}

function answerQueries({ state }: Run): void {
  setHandler(defineQuery<Remediation>(MESSAGES.status), () => state.doc, { description: 'The whole remediation as the API gives it.' });
  setHandler(defineQuery<Plan | null>(MESSAGES.plan), () => state.plan ?? null, { description: 'The current plan with every pinned write and its undo.' });
  setHandler(defineQuery<TimelineEntry[]>(MESSAGES.timeline), () => state.doc.timeline, { description: 'What happened when.' });
}
