import type { ImageTable } from '../images.js';
import type { Kind, KindMap } from './kube-types.js';

/** What the cluster looks like right now, read from the watch caches: the input of every pure function here. */
export interface ClusterView {
  get<K extends Kind>(kind: K, namespace: string | undefined, name: string): KindMap[K] | undefined;
  /** Objects of one namespace, or of the whole cluster when none is given. */
  list<K extends Kind>(kind: K, namespace?: string): KindMap[K][];
}

export interface AccessQuestion {
  namespace: string;
  serviceAccount: string;
  verb: string;
  /** `plural`, `plural.group` or `plural/subresource`. */
  resource: string;
}

export interface World extends ClusterView {
  images: ImageTable;
  /** The API server's last answer to a SubjectAccessReview; true until it answered. */
  isAllowed(question: AccessQuestion): boolean;
}
