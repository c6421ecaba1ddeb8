import { ApplicationFailure, condition, defineQuery, defineSignal, defineUpdate, setHandler } from '@temporalio/workflow';
import { MESSAGES, MESSAGE_DESCRIPTIONS as SAYS, type Decision, type DecisionReply, type TimelineEntry } from '../domain/messages.js';
import type { Remediation } from '../contracts/remediation.js';
import type { Plan } from '../domain/plan.js';
import { keepUnread } from './follow-up.js';
import { whyNotWhileHeld } from './hold.js';
import { pickOf, whyNoPick, whyNoPickWhileHeld, type Picking } from './picking.js';
import { syncProblems, type Run } from './run.js';
import { join } from './state.js';
import { decisionFrom, malformed, resolvedFrom, signalFrom } from './wire.js';

/** Everything that can be said to or asked of a running remediation. Names are permanent: people type them. */
export function installHandlers(run: Run): void {
  receiveSignals(run);
  receiveDecisions(run);
  answerQueries(run);
}

const CAN_UNDO: ReadonlySet<string> = new Set(['executing', 'verifying', 'rolling_back']);

function receiveSignals(run: Run): void {
  const { state } = run;
  setHandler(
    defineSignal<[unknown?]>(MESSAGES.signalReceived),
    (input) => {
      const signal = signalFrom(input);
      if (!signal) return run.note('a signal was ignored: it names no alert; send {"fingerprint","startsAt","status"}');
      const what = join(state.problems, signal);
      if (what) run.note(what);
      if (what && signal.status === 'firing' && !signal.symptomOn) keepUnread(state, signal);
    },
    { description: SAYS.signalReceived },
  );
  setHandler(
    defineSignal<[unknown?]>(MESSAGES.resolved),
    (input) => {
      const resolved = resolvedFrom(input);
      for (const p of state.problems) {
        if (p.status === 'resolved' || (resolved.fingerprint && resolved.fingerprint !== p.fingerprint)) continue;
        p.status = 'resolved';
        p.resolvedAt = resolved.at ?? run.now();
        run.note(`${p.alert} resolved`);
      }
    },
    { description: SAYS.resolved },
  );
  setHandler(
    defineSignal<[unknown?]>(MESSAGES.cancel),
    (input) => {
      const decision = decisionFrom(input);
      if (state.doc.phase === 'closed') return run.note(`cancel ignored: it is ${state.doc.outcome} already`);
      state.cancel ??= decision;
      run.note(`cancelled by ${decision.by ?? 'a person'}`);
      run.scope.cancel();
    },
    { description: SAYS.cancel },
  );
  setHandler(
    defineSignal<[unknown?]>(MESSAGES.undo),
    (input) => {
      const decision = decisionFrom(input);
      // Kept for later it would take back a write that nobody has seen yet.
      if (!CAN_UNDO.has(state.doc.phase)) return run.note(`undo ignored: it is ${state.doc.phase}, nothing is applied that could be taken back`);
      state.undo ??= decision;
      run.note(`undo asked by ${decision.by ?? 'a person'}`);
    },
    { description: SAYS.undo },
  );
}

function receiveDecisions(run: Run): void {
  for (const kind of ['approve', 'reject'] as const) {
    setHandler(
      defineSignal<[unknown?]>(MESSAGES[kind]),
      (input) => {
        const decision = decisionFrom(input);
        const refusal = malformed(input) ?? whyNot(run, kind, decision);
        if (refusal) run.note(`${kind} ignored: ${refusal}`);
        else take(run, kind, decision);
      },
      { description: SAYS[kind] },
    );
    setHandler(
      defineUpdate<DecisionReply, [unknown]>(kind === 'approve' ? MESSAGES.approveRemediation : MESSAGES.rejectRemediation),
      (input) => replyTo(run, kind, decisionFrom(input)),
      {
        description: SAYS[`${kind}Remediation`],
        // Synchronous by contract: an async validator is never awaited and would accept everything.
        validator: (input) => {
          const refusal = malformed(input) ?? whyNot(run, kind, decisionFrom(input));
          if (refusal) throw ApplicationFailure.nonRetryable(refusal, 'Conflict');
        },
      },
    );
  }
}

/** Only what `whyNot` has nothing against. Returns the pick that is to be planned, if it is one. */
function take({ state }: Run, kind: 'approve' | 'reject', decision: Decision): Picking | undefined {
  const picked = kind === 'approve' ? pickOf(state, decision) : undefined;
  if (picked) return (state.picking = { ...picked, decision });
  state.decision = { ...decision, kind };
  return undefined;
}

/** At once for the plan as it stands; what became of a pick is known when it is planned and checked. */
async function replyTo(run: Run, kind: 'approve' | 'reject', decision: Decision): Promise<DecisionReply> {
  const { state } = run;
  const picking = take(run, kind, decision);
  if (!picking) return { accepted: true, remediationId: state.doc.id, planHash: state.plan!.hash };
  await condition(() => picking.reply !== undefined || picking.refusal !== undefined || state.doc.phase === 'closed');
  if (picking.reply) return picking.reply;
  throw ApplicationFailure.nonRetryable(`${picking.key}: ${picking.refusal ?? `remediation ${state.doc.id} ended meanwhile (${String(state.doc.outcome)})`}`, 'Conflict');
}

function whyNot(run: Run, kind: 'approve' | 'reject', decision: Decision): string | undefined {
  const { state } = run;
  const { doc } = state;
  if (doc.hold) return whyNotHeld(run, kind, decision);
  if (doc.phase !== 'awaiting_approval') return `remediation ${doc.id} is ${doc.outcome ?? doc.phase}; there is nothing to decide`;
  if (state.decision) return `remediation ${doc.id} was already decided by ${state.decision.by ?? 'a person'}`;
  return whyOutdated(state, decision) ?? (kind === 'reject' ? undefined : (whyNotBeside(state) ?? whyNoPick(state, decision)));
}

const whyNotHeld = (run: Run, kind: 'approve' | 'reject', decision: Decision): string | undefined =>
  whyNotWhileHeld(run, decision, kind) ?? whyOutdated(run.state, decision) ?? whyNoPickWhileHeld(run.state, decision);

const whyNotBeside = ({ picking, doc }: Run['state']): string | undefined =>
  picking && `what ${picking.decision.by ?? 'a person'} picked is being planned; look again in a moment with: kubernaut show ${doc.id}`;

function whyOutdated({ plan, doc }: Run['state'], { plan: meant }: Decision): string | undefined {
  const hash = plan?.hash ?? '';
  if (meant === undefined || (meant.length >= 6 && hash.startsWith(meant))) return undefined;
  return `the plan of ${doc.id} is now ${hash.slice(0, 10)}, not ${meant.slice(0, 64)}; look at it again with: kubernaut show ${doc.id}`;
}

function answerQueries({ state }: Run): void {
  setHandler(
    defineQuery<Remediation>(MESSAGES.status),
    () => {
      syncProblems(state);
      return state.doc;
    },
    { description: SAYS.status },
  );
  setHandler(defineQuery<Plan | null>(MESSAGES.plan), () => state.plan ?? null, { description: SAYS.plan });
  setHandler(defineQuery<TimelineEntry[]>(MESSAGES.timeline), () => state.doc.timeline, { description: SAYS.timeline });
}
