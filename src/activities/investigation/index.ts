import { registryOf } from '../../domain/registry.js';
import type { ToolDefinition } from './define.js';
import { describe } from './tools/describe.js';
import { logs } from './tools/logs.js';

const members = [describe, logs] as const;

export type ToolId = (typeof members)[number]['id'];

/** All that a model can look at. Closed: grows by one file and one line. */
export const tools = registryOf<ToolDefinition<ToolId>>('tool', members as unknown as readonly ToolDefinition<ToolId>[]);
