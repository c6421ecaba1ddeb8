import { registryOf } from '../../domain/registry.js';
import type { ToolDefinition } from './define.js';
import { dependencyMap } from './tools/dependency-map.js';
import { describe } from './tools/describe.js';
import { events } from './tools/events.js';
import { history } from './tools/history.js';
import { logs } from './tools/logs.js';
import { metrics } from './tools/metrics.js';
import { rolloutDiff } from './tools/rollout-diff.js';
import { similarIncidents } from './tools/similar-incidents.js';

const members = [describe, logs, events, metrics, rolloutDiff, similarIncidents, history, dependencyMap] as const;

export type ToolId = (typeof members)[number]['id'];

/** All that a model can look at. Closed: grows by one file and one line. */
export const tools = registryOf<ToolDefinition<ToolId>>('tool', members as unknown as readonly ToolDefinition<ToolId>[]);

/** Those that can work here: what needs a server that is not configured is not offered. */
export const offeredTools = (has: { metrics: boolean }): ToolDefinition[] => tools.members.filter((t) => t.needs === undefined || has[t.needs]);
