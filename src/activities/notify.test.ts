import { describe, expect, it } from '@jest/globals';
import type { Channel } from '../channels/define.js';
import type { Notification, NotificationRow } from '../contracts/notification.js';
import { KubernautError } from '../domain/errors.js';
import { remediationFor } from '../../test/support/remediations.js';
import { createNotify, createNotifyStage } from './notify.js';

const notification = (kind: Notification['kind'] = 'closed'): Notification => ({
  remediationId: 'r-1', kind, title: 't', severity: 'info', target: 'node a', lines: [], commands: [], links: {}, at: '2026-01-01T00:00:00Z',
});

function rowStore(rows: NotificationRow[] = []) {
  const find = (r: { channel: string; kind: string }) => rows.findIndex((o) => o.channel === r.channel && o.kind === r.kind);
  return {
    rows,
    claimNotification: async (row: { remediationId: string; channel: string; kind: string }) => {
      if (find(row) < 0) rows.push({ ...row, status: 'claimed', attempts: 0, updatedAt: '2026-01-01T00:00:00Z' });
      return rows[find(row)]!;
    },
    updateNotification: async (row: NotificationRow) => void (rows[find(row)] = row),
    notificationsOf: async () => rows,
  };
}

const clock = { now: () => '2026-01-02T00:00:00Z' };

function recording(error?: KubernautError) {
  const calls: { kind: string; previous?: string }[] = [];
  const channel: Channel = {
    deliver: async (n, previous) => {
      calls.push({ kind: n.kind, ...(previous ? { previous: previous.providerId } : {}) });
      if (error) throw error;
      return { providerId: `m-${n.kind}` };
    },
  };
  return { calls, channel };
}

describe('createNotify', () => {
  it('delivers once, and a repeated call answers from the store', async () => {
    const { calls, channel } = recording();
    const notify = createNotify({ store: rowStore(), channels: { ops: channel }, clock });
    expect(await notify({ notification: notification(), channel: 'ops' })).toEqual({ providerId: 'm-closed' });
    expect(await notify({ notification: notification(), channel: 'ops' })).toEqual({ providerId: 'm-closed' });
    expect(calls).toEqual([{ kind: 'closed' }]);
  });

  it('gives the earlier message of the remediation to the channel', async () => {
    const { calls, channel } = recording();
    const notify = createNotify({ store: rowStore(), channels: { ops: channel }, clock });
    await notify({ notification: notification('approval_requested'), channel: 'ops' });
    await notify({ notification: notification('closed'), channel: 'ops' });
    expect(calls[1]).toEqual({ kind: 'closed', previous: 'm-approval_requested' });
  });

  it('keeps the refusal and its count, then tries again on the next call', async () => {
    const store = rowStore();
    const failing = recording(new KubernautError('ChannelUnavailable', 'busy'));
    await expect(createNotify({ store, channels: { ops: failing.channel }, clock })({ notification: notification(), channel: 'ops' })).rejects.toMatchObject({ code: 'ChannelUnavailable' });
    expect(store.rows[0]).toMatchObject({ status: 'failed', attempts: 1, error: 'ChannelUnavailable: busy' });
    const { channel } = recording();
    await createNotify({ store, channels: { ops: channel }, clock })({ notification: notification(), channel: 'ops' });
    expect(store.rows[0]).toMatchObject({ status: 'sent', attempts: 2, providerId: 'm-closed' });
  });

  it('refuses a channel that nobody configured', async () => {
    const notify = createNotify({ store: rowStore(), channels: {}, clock });
    await expect(notify({ notification: notification(), channel: 'toString' })).rejects.toMatchObject({ code: 'NotFound' });
  });
});

describe('what is said of an approval', () => {
  const link = (_r: unknown, channel: string): string => `https://kubernaut.example.com/approve/for-${channel}`;

  it('carries a link where one can be made, never into the log', async () => {
    const links: Record<string, Record<string, string>> = {};
    const into = (name: string): Channel => ({ deliver: async (n) => ((links[`${name} ${n.kind}`] = n.links), { providerId: name }) });
    const notify = createNotifyStage({ store: rowStore(), channels: { slack: into('slack'), log: into('log') }, clock, approvalLink: link });
    const remediation = remediationFor('r-1');
    for (const channel of ['slack', 'log']) await notify({ remediation, kind: 'approval_requested', channel });
    await notify({ remediation, kind: 'closed', channel: 'slack' });
    expect(links).toEqual({ 'slack approval_requested': { 'approve or reject': 'https://kubernaut.example.com/approve/for-slack' }, 'log approval_requested': {}, 'slack closed': {} });
  });

  it('is said anew for each question and reminder, once each; a decision edits the last message', async () => {
    const { calls, channel } = recording();
    const notify = createNotifyStage({ store: rowStore(), channels: { ops: channel }, clock });
    const say = (kind: 'approval_requested' | 'approval_reminder' | 'approval_decided', occasion?: string) => notify({ remediation: remediationFor('r-1'), kind, channel: 'ops', ...(occasion ? { occasion } : {}) });
    await say('approval_requested');
    for (const occasion of ['1.1', '1.1', '1.2']) await say('approval_reminder', occasion);
    await say('approval_requested', '2');
    await say('approval_decided', '2');
    expect(calls).toEqual([
      { kind: 'approval_requested' }, { kind: 'approval_reminder' }, { kind: 'approval_reminder' }, { kind: 'approval_requested' },
      { kind: 'approval_decided', previous: expect.stringMatching(/^m-approval/) },
    ]);
  });
});
