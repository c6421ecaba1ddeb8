import type { TemporalSettings } from '../adapters/temporal/index.js';
import type { Config } from '../config/schema.js';
import { EXIT, Exit } from './exit.js';

export function temporalSettings({ temporal }: Config): TemporalSettings {
  if (temporal.address === undefined) {
    throw new Exit(EXIT.usage, 'no Temporal server is named; set TEMPORAL_ADDRESS=host:7233, or let `kubernaut up` start one');
  }
  return { address: temporal.address, namespace: temporal.namespace, tls: temporal.tls, ...(temporal.apiKey ? { apiKey: temporal.apiKey.reveal() } : {}), encryptionKeys: temporal.encryptionKeys.map((k) => k.reveal()) };
}
