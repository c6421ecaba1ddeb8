import type { Reasoning } from '../contracts/remediation.js';
import { printable } from './output.js';

/** The parts of a reason that say more than the reasoning itself. */
export function reasoningLines({ primary_reason, historical_context, oscillation_risk: risk }: Reasoning): string[] {
  return [
    ...(primary_reason === undefined ? [] : [`decided by: ${primary_reason}`]),
    ...(historical_context === undefined ? [] : [`before: ${historical_context}`]),
    ...(risk === undefined ? [] : [`risk of going back and forth: ${risk.level} (${risk.why})`]),
  ].map(printable);
}
