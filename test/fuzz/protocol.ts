/** What the gateway under test says about itself when it listens. */
export interface Surface {
  port: number;
  /** As `/openapi.json` shows it. */
  openapi: OpenApi;
  /** Every route that was registered, the hidden ones too. */
  routes: { methods: string[]; url: string; isPublic: boolean; isWebhook: boolean }[];
  /** Sources that are open: `grafana`, `custom/pager`. */
  sources: string[];
  /** Remediations and signals that are in the store from the start. */
  known: Known;
}

export interface Known {
  ids: string[];
  targets: string[];
  fingerprints: string[];
}

export interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
}

export interface Operation {
  parameters?: { in: string; name: string; required?: boolean; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}

export type Schema = Record<string, any>;

/** After a collection of garbage. */
export interface Vitals {
  heapUsed: number;
  /** Open sockets of the server. */
  connections: number;
  /** What keeps the process busy, by kind. */
  resources: Record<string, number>;
}

export type Asked = { id: number; ask: 'vitals' };
export type Told = { listening: Surface } | { id: number; vitals: Vitals } | { failed: string };
