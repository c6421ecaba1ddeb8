import type { ErrorCode } from '../../../src/domain/errors.js';
import type { PastAction, Problem } from '../../../src/domain/evidence.js';
import type { KubeObject, ObjectRef } from '../../../src/domain/kube.js';
import type { Policy } from '../../../src/domain/policy.js';
import type { Stage } from './stage.js';

/** All the suites over the registry know of one action: in memory, and on a real API server. */
export interface ActionCase {
  fixture: ActionFixture;
  /** At least one for an action that writes; empty for those of tier 0. */
  live: LiveCase[];
}

/** A world in which the action can be planned, and one in which what it wants is there already. */
export interface ActionFixture {
  object: KubeObject;
  others: KubeObject[];
  params: Record<string, unknown>;
  problems?: Problem[];
  history?: PastAction[];
  /** Optional APIs the cluster serves (`Evidence.apis`). */
  apis?: string[];
  /** Policy limits of the action. */
  limits?: Record<string, unknown>;
  /** `plan` on this object gives no changes. A string says why the row refuses instead. */
  satisfied: { object: KubeObject; others?: KubeObject[] } | string;
}

export interface LiveCase {
  /** Shown after the id where an action has several (`rolling`). */
  name?: string;
  /** Makes a real, broken-enough situation in a namespace of its own. */
  prepare(stage: Stage): Promise<Scene>;
  /** Preconditions and refusals of the action's row: each is planned over the evidence of the prepared scene, spoilt. */
  refusals: Refusal[];
}

export interface Scene {
  /** The object that the step is about (`targetOf(params)`). */
  ref: ObjectRef;
  params: Record<string, unknown>;
  problems?: Problem[];
  policy?: Partial<Policy>;
  /** What the write changes of the object, to compare before, after and after the undo: normally `o.spec`. */
  picture(o: KubeObject): unknown;
  /** Effective writes in the audit log, in any order: `update deployments/scale`, `create pods/eviction`. */
  writes: string[];
  /**
   * A person changes, between plan and write (and again after it), what the action is about to write. Undefined where no such
   * edit exists (an eviction is pinned by uid).
   */
  edit?(): Promise<unknown>;
  /** Brings shared objects (nodes, kube-system) back into their first state. */
  clean?(): Promise<unknown>;
  /** Undoing does not give back what the action consumed (evicted pods): to be played again it needs a scene of its own. */
  isUsedUp?: boolean;
  /** What enrichment would have read beside the watch cache for this action (`reads`), as it is on the server. */
  extras?: KubeObject[];
  /** What a second run of `prepare` cannot give again within the time of a test (a drain of hundreds of pods). */
  isSlow?: boolean;
}

export interface Refusal {
  /** Completes "refuses when …". */
  when: string;
  code: ErrorCode;
  /** A part of what it says, where another rule would refuse with the same code. */
  because?: string;
  /** Merged over the scene's parameters; a key set to undefined is left out. */
  params?: (scene: Scene) => Record<string, unknown>;
  /** Changes the recorded evidence: objects as the API server gave them. */
  spoil?: (objects: KubeObject[], scene: Scene) => KubeObject[] | void;
  problems?: Problem[];
  history?: PastAction[];
  policy?: (scene: Scene) => Partial<Policy>;
  /** Served optional APIs, when they matter. */
  apis?: string[];
}
