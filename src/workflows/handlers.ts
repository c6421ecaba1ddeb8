import { ApplicationFailure, defineQuery, defineSignal, defineUpdate, setHandler } from '@temporalio/workflow';
import { MESSAGES, MESSAGE_DESCRIPTIONS as SAYS, type Decision, type DecisionReply, type Resolved, type TimelineEntry } from '../domain/messages.js';
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
    { description: SAYS.signalReceived },
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
    { description: SAYS.resolved },
  );
  setHandler(
    defineSignal<[Decision?]>(MESSAGES.cancel),
    (decision) => {
      state.cancel ??= decision ?? {};
      run.note(`cancelled by ${decision?.by ?? 'a person'}`);
      run.scope.cancel();
    },
    { description: SAYS.cancel },
  );
  setHandler(
    defineSignal<[Decision?]>(MESSAGES.undo),
    (decision) => {
      state.undo ??= decision ?? {};
      run.note(`undo asked by ${decision?.by ?? 'a person'}`);
    },
    { description: SAYS.undo },
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
      { description: SAYS[kind] },
    );
    setHandler(
      defineUpdate<DecisionReply, [Decision]>(kind === 'approve' ? MESSAGES.approveRemediation : MESSAGES.rejectRemediation),
      (decision) => {
        run.state.decision = { ...decision, kind };
        return { accepted: true, remediationId: run.state.doc.id, planHash: run.state.plan!.hash };
      },
      {
        description: SAYS[`${kind}Remediation`],
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
  setHandler(defineQuery<Remediation>(MESSAGES.status), () => state.doc, { description: SAYS.status });
  setHandler(defineQuery<Plan | null>(MESSAGES.plan), () => state.plan ?? null, { description: SAYS.plan });
  setHandler(defineQuery<TimelineEntry[]>(MESSAGES.timeline), () => state.doc.timeline, { description: SAYS.timeline });
}
