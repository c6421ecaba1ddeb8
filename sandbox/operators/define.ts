import type { KubeClient } from '../simulator/kube-client.js';
import type { Meta } from '../simulator/kube-types.js';
import type { ClusterView } from '../simulator/world.js';

/* eslint-disable @typescript-eslint/no-explicit-any -- other projects' objects are open-ended JSON here */
export interface OperatorObject {
  apiVersion: string;
  kind: string;
  metadata: Meta;
  spec?: any;
  status?: any;
  data?: any;
  [key: string]: any;
}
/* eslint-enable @typescript-eslint/no-explicit-any */

/** A collection, as its path names it. */
export interface Watched {
  apiVersion: string;
  plural: string;
}

/** What an operator works with. */
export interface Hands {
  client: KubeClient;
  /** What the kubelet simulator watches anyway: pods, claims, secrets, services, … */
  world: ClusterView;
  /** Objects of a watched collection, of one namespace or of all. */
  list(what: Watched, namespace?: string): OperatorObject[];
  get(what: Watched, namespace: string | undefined, name: string): OperatorObject | undefined;
  /** Path of a collection, or of one object in it. */
  pathOf(what: Watched, namespace?: string, name?: string): string;
  /** Merges into the status subresource; an object that is gone is no error. */
  setStatus(what: Watched, object: OperatorObject, status: object): Promise<void>;
  /** Later, unless the simulator stops before. A failure ends in its error handler. */
  after(ms: number, work: () => Promise<void>): void;
  now(): string;
}

/** One vendor's operator, as far as the product can tell it from the real one. */
export interface Operator {
  id: string;
  /** Files in `crds/`, without the ending. */
  crds: readonly string[];
  watches: readonly Watched[];
  /** Called for every added or changed object of what it watches, one call at a time per object; idempotent. */
  react(object: OperatorObject, hands: Hands): Promise<void>;
  /** Objects it brings along (default classes), made once at start. */
  defaults?: readonly { what: Watched; object: object }[];
}
