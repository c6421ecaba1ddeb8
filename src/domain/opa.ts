/** A policy server of the user's own (Open Policy Agent's data API), asked beside ours. It only tightens. */
export interface OpaPolicy {
  /** `http://opa:8181/v1/data/kubernaut/decision` */
  url: string;
  /** Default 2s. */
  timeout?: string;
  /** What its silence means. Default `ask`. */
  failure?: 'ask' | 'deny' | 'allow';
  /** A file with a bearer token, read for each question. */
  tokenFile?: string;
}

/** What it said, or why it said nothing. */
export type OpaAnswer = { decision: 'allow' | 'ask' | 'deny'; reason?: string } | { failed: string };
