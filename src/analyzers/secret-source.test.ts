import { Value } from '@sinclair/typebox/value';
import { describe, expect, it } from '@jest/globals';
import { ago, container, deployment, evidenceOf, NS, object } from '../../test/support/kube-objects.js';
import { actions } from '../actions/index.js';
import type { KubeObject } from '../domain/kube.js';
import { diagnoseAll } from './index.js';

const uses = (name: string) => ({ podSpec: { containers: [container({ env: [{ name: 'P', valueFrom: { secretKeyRef: { name, key: 'p' } } }] })] }, available: 1 });
const certificate = (status: object, spec: object = {}): KubeObject => object('cert-manager.io/v1', 'Certificate', 'web', { spec: { secretName: 'web-tls', ...spec }, status: { revision: 3, ...status } });
const external = (conditions: object[], status: object = {}): KubeObject => object('external-secrets.io/v1', 'ExternalSecret', 'db', { spec: { target: { name: 'creds' } }, status: { conditions, ...status } });
const ready = { type: 'Ready', status: 'True' };
const about = (o: KubeObject) => diagnoseAll(evidenceOf(o, [])).filter((f) => f.analyzer === 'secret_source');
const soon = ago(-3600);

describe('where secrets come from', () => {
  it('asks for a new certificate when the old one has expired, also through a workload that reads it', () => {
    const expired = certificate({ notAfter: ago(60), conditions: [ready] });
    const { deployment: d, sets } = deployment('api', [uses('web-tls')], { completed: true });
    const wanted = { cause: 'certificate.expired', target: { kind: 'Certificate', name: 'web' }, proposals: [{ action: 'rotate_secrets', parameters: { namespace: NS, certificate: 'web' } }] };
    expect(about(expired)).toMatchObject([wanted]);
    const [first] = diagnoseAll(evidenceOf(d, [sets, expired]));
    expect(first).toMatchObject(wanted);
    const action = actions.get('rotate_secrets');
    expect(Value.Check(action.params, first!.proposals[0]!.parameters)).toBe(true);
    expect(action.targetOf(first!.proposals[0]!.parameters as never)).toMatchObject({ kind: 'Certificate', name: 'web' });
  });

  it.each<[string, KubeObject]>([
    ['still holds', certificate({ notAfter: soon, conditions: [ready] })],
    ['is being issued', certificate({ notAfter: ago(60), conditions: [{ type: 'Issuing', status: 'True' }] })],
    ['was not issued yet', certificate({})],
    ['comes from a source that gives', external([ready])],
    ['is young', external([])],
  ])('has nothing to say of one that %s', (_what, o) => {
    expect(about(o)).toEqual([]);
  });

  it.each<[string, KubeObject, string]>([
    ['an authority has expired', certificate({ notAfter: ago(60) }, { isCA: true }), 'certificate.expired'],
    ['the issuer refuses', certificate({ notAfter: ago(60), conditions: [{ type: 'Issuing', status: 'False', reason: 'Failed', message: 'order failed' }] }), 'certificate.refused'],
    ['the provider refuses', external([{ type: 'Ready', status: 'False', reason: 'SecretSyncedError', message: 'token=hunter2hunter2 rejected' }], { refreshTime: ago(7200) }), 'external_secret.refused'],
  ])('leaves it to a person when %s', (_what, o, cause) => {
    expect(about(o)).toMatchObject([{ cause, conclusion: 'needs_person', proposals: [], edit: expect.stringContaining('kubectl describe') }]);
    expect(JSON.stringify(about(o))).not.toContain('hunter2');
  });

  it('does not look at secrets that the target does not read', () => {
    const { deployment: d, sets } = deployment('api', [uses('other')], { completed: true });
    expect(diagnoseAll(evidenceOf(d, [sets, certificate({ notAfter: ago(60) })])).map((f) => f.analyzer)).not.toContain('secret_source');
  });
});
