import { CancellationScope, setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { Phase } from '../domain/remediation.js';
import { transition } from '../domain/remediation.js';
import { SEARCH_ATTRIBUTES, type SearchAttributeName } from '../domain/search-attributes.js';
import type { RemediateInput } from '../domain/messages.js';
import { mostSevere } from '../domain/signal.js';
import { quick } from './activity-options.js';
import { cardOf } from './card.js';
import { linksOf, newState, type State } from './state.js';
import type { Talk } from './talk.js';

/** One run of the workflow: its input, its state and the few things every stage does to it. */
export interface Run {
  readonly input: RemediateInput;
  readonly state: State;
  /** Cancelled by the `cancel` signal and by a real cancellation alike. */
  readonly scope: CancellationScope;
  /** Notifications under way that nothing waits for. */
  readonly talks: Talk[];
  now(): string;
  /** Moves the phase (the table decides whether it may) and writes the card. */
  moveTo(phase: Phase, text: string): void;
  /** A line of the timeline without a change of phase. */
  note(text: string, durationMs?: number): void;
  /** Keeps the document in the store. */
  save(summary: string): Promise<void>;
  /** Search attributes cost an event each time: call once per workflow task. `null` removes one. */
  index(values: Partial<Record<SearchAttributeName, string | number | boolean | null>>): void;
}

export function newRun(input: RemediateInput): Run {
  const { runId } = workflowInfo();
  const now = () => new Date().toISOString();
  const state = (input.carried as State | undefined) ?? newState(input, now(), runId);
  state.doc.run_id = runId;
  state.doc.links = linksOf(input, runId);
  const run: Run = {
    input,
    state,
    scope: new CancellationScope(),
    talks: [],
    now,
    moveTo(phase, text) {
      state.doc.phase = transition(state.doc.phase, phase);
      run.note(text);
    },
    note(text, durationMs) {
      state.doc.timeline.push({ at: now(), phase: state.doc.phase, text, ...(durationMs === undefined ? {} : { durationMs }) });
      shorten(state.doc.timeline);
      setCurrentDetails(cardOf(state));
    },
    async save(summary) {
      syncProblems(state);
      state.doc.revision += 1;
      await quick('record', input.isCoLocated, summary)({ remediation: state.doc, learn: state.doc.phase === 'closed' });
    },
    index(values) {
      upsertSearchAttributes(
        Object.entries(values).map(([name, value]) => ({ key: { name, type: SEARCH_ATTRIBUTES[name as SearchAttributeName] }, value })) as never,
      );
    },
  };
  setCurrentDetails(cardOf(state));
  return run;
}

/** Keeps how it began and what happened last: the document travels in payloads. */
const MOST_LINES = 400;
const LINES_KEPT_FIRST = 100;

function shorten(timeline: State['doc']['timeline']): void {
  if (timeline.length <= MOST_LINES) return;
  const left = timeline.splice(LINES_KEPT_FIRST, MOST_LINES / 2);
  timeline.splice(LINES_KEPT_FIRST, 0, { at: left[0]!.at, phase: left[0]!.phase, text: `… ${left.length} lines left out` });
}

/** What the document says of the alerts. Before every save, and before it is shown: signals come at any time. */
export function syncProblems(state: State): void {
  state.doc.severity = mostSevere(state.problems.map((p) => p.severity));
  state.doc.problems = state.problems.map((p) => ({
    fingerprint: p.fingerprint,
    alert: p.alert,
    status: p.status,
    started_at: p.startedAt,
    ...(p.resolvedAt ? { resolved_at: p.resolvedAt } : {}),
    ...(p.symptomOn ? { symptom_on: p.symptomOn } : {}),
  }));
}
