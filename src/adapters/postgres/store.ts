import type { Clock, Store } from '../../domain/ports.js';
import { approvalLinkMethods } from './approval-links.js';
import { artifactMethods } from './artifacts.js';
import { auditMethods } from './audit.js';
import type { Database } from './database.js';
import { filterMethods } from './filters.js';
import { inboxMethods } from './inbox.js';
import { incidentMethods } from './incidents.js';
import { measuredMethods } from './measured.js';
import { modelCallMethods } from './model-calls.js';
import { changeMethods } from './object-changes.js';
import { notificationMethods } from './notifications.js';
import { disruptionMethods } from './disruptions.js';
import { pastActionMethods } from './past-actions.js';
import { pauseMethods } from './pauses.js';
import { queryOn } from './query.js';
import { remediationListMethods } from './remediation-list.js';
import { remediationMethods } from './remediations.js';
import { signalMethods } from './signals.js';
import { slotMethods } from './slots.js';
import { stormMethods } from './storms.js';

const systemClock: Clock = { now: () => new Date().toISOString() };

/** The `Store` port over an open database. `close` closes the database. */
export function createStore(database: Database, clock: Clock = systemClock): Store {
  const query = queryOn(database);
  return {
    async ping() {
      await query('answering a ping', 'select 1');
    },
    ...signalMethods(query, clock),
    ...inboxMethods(query, clock),
    ...remediationMethods(query),
    ...remediationListMethods(query),
    ...pastActionMethods(query),
    ...measuredMethods(query),
    ...disruptionMethods(query),
    ...artifactMethods(query, clock),
    ...notificationMethods(query, clock),
    ...auditMethods(query),
    ...changeMethods(query, clock),
    ...incidentMethods(query),
    ...pauseMethods(query, clock),
    ...slotMethods(query, clock),
    ...stormMethods(query, clock),
    ...filterMethods(query),
    ...modelCallMethods(query),
    ...approvalLinkMethods(query),
    close: () => database.close(),
  };
}
