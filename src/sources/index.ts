import type { TSchema } from '@sinclair/typebox';
import { registryOf } from '../domain/registry.js';
import { alertmanager } from './alertmanager.js';
import { cloudevents } from './cloudevents.js';
import { cloudwatch } from './cloudwatch.js';
import { custom } from './custom.js';
import type { SourceDefinition } from './define.js';
import { grafana } from './grafana.js';
import { kubernetes } from './kubernetes.js';

/** Everything that can send us signals: `POST /api/v1/signals/<id>`. */
export const sources = registryOf<SourceDefinition<string, TSchema>>('source', [alertmanager, grafana, cloudwatch, custom, cloudevents, kubernetes]);
