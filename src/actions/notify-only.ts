import { Type } from '@sinclair/typebox';
import { defineAction } from './define.js';
import { refuse } from './workload.js';

const MAX_BYTES = 4096;
/** No control, bidi or zero-width characters: a summary must read as it is. Line breaks and tabs may stay. */
const PLAIN = '^[^\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]*$';
/** Links and mentions are added by the channel from our own configuration, never taken from a signal or a model. */
const LINK_OR_MENTION = /[a-z][a-z0-9+.-]*:\/\/|<[!@#]|@(here|channel|everyone)\b/i;

/** The delivery itself, one activity per channel with its own retry, is the workflow's; this step records what is to be told. */
export const notifyOnly = defineAction({
  id: 'notify_only',
  summary: 'Tell people what was found and leave the decision to them; changes nothing.',
  tier: 0,
  targets: [],
  params: Type.Object(
    {
      channel: Type.Optional(Type.String({ pattern: '^[a-z][a-z0-9-]{0,30}$', description: 'name of a configured channel' })),
      summary: Type.String({ pattern: PLAIN, minLength: 1, maxLength: MAX_BYTES }),
    },
    { additionalProperties: false },
  ),
  targetOf: () => refuse('Internal', 'notify_only acts on no object; use the target of the remediation'),
  locate: () => ({}),
  hiddenFromModel: ['channel'],
  permissions: [],
  undo: { irreversible: 'what was told cannot be untold; a correction follows in the same thread' },
  timeoutS: 30,
  example: { summary: 'Deployment shop/api crash loops since revision 4; no earlier revision works.' },

  applies: () => true,
  plan(_object, { summary }) {
    if (new TextEncoder().encode(summary).length > MAX_BYTES) refuse('InvalidParams', 'notify_only: the summary is over 4 KiB; shorten it');
    if (LINK_OR_MENTION.test(summary)) refuse('InvalidParams', 'notify_only: the summary holds a link or a mention; leave it out, the channel adds its own');
    return { changes: [], summary: 'tell people' };
  },
  verify: () => ({ state: 'reached', detail: 'told' }),
  run: ({ summary }) => Promise.resolve({ detail: summary }),
});
