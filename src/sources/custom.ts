import { Type } from '@sinclair/typebox';
import { KubernautError } from '../domain/errors.js';
import { isRejection } from './alert-signal.js';
import { admitCredentials, verifyCredentials } from './credentials.js';
import { CustomMapping, itemsOf, signalOfItem } from './custom-mapping.js';
import { defineSource, type ParsedSignals } from './define.js';

export const custom = defineSource({
  id: 'custom',
  summary: 'Any sender of JSON, by a mapping in the configuration.',
  body: Type.Unknown({ title: 'CustomBody', description: 'whatever the sender writes; sources.custom.<name> says what it means' }),
  contentTypes: ['application/json'],
  methods: ['POST', 'PUT'],
  credentials: ['bearer', 'hmac'],
  isNamed: true,
  settings: CustomMapping,
  admit: admitCredentials,
  verify: verifyCredentials,

  toSignals(body, context) {
    const items = itemsOf(body, context.settings);
    if (items === undefined) throw new KubernautError('InvalidParams', `there is no list at ${context.settings.signals}, where sources.custom.${context.name}.signals looks for it`);
    const parsed: ParsedSignals = { signals: [], rejected: [], truncated: 0 };
    for (const item of items) {
      const signal = signalOfItem(item, body, context);
      if (isRejection(signal)) parsed.rejected.push(signal);
      else parsed.signals.push(signal);
    }
    return parsed;
  },
});
