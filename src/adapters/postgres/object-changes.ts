import type { ConfigVersion } from '../../domain/changes/config-version.js';
import type { ObjectChange } from '../../domain/changes/object-change.js';
import type { Clock, Store } from '../../domain/ports.js';
import { cleanJson, cleanText } from './clean-text.js';
import type { Query } from './query.js';

const RECORD = `
  insert into object_changes (cluster, uid, version, kind, namespace, name, at, verb, by, fields)
  select cluster, uid, version, kind, namespace, name, at, verb, by, fields
  from jsonb_to_recordset($1::jsonb) as r(cluster text, uid text, version text, kind text, namespace text, name text, at timestamptz, verb text, by text, fields jsonb)
  on conflict do nothing`;
const IN = `
  select cluster, uid, version, kind, namespace, name, at, verb, by, fields from object_changes
  where cluster = $1 and namespace = any($2::text[]) and at >= $3 order by at desc limit 500`;
/** What stood there is read from the state before the statement: a data-modifying CTE does not see its own writes. */
const NOTE = `
  with seen as (
    select * from jsonb_to_recordset($1::jsonb) as r(cluster text, namespace text, name text, uid text, version text, at timestamptz, keys jsonb)
  ), noted as (
    insert into config_versions (cluster, namespace, name, uid, version, at, keys)
    select cluster, namespace, name, uid, version, at, keys from seen order by cluster, namespace, name
    on conflict (cluster, namespace, name) do update set uid = excluded.uid, version = excluded.version, at = excluded.at, keys = excluded.keys
      where config_versions.version <> excluded.version
  )
  select c.cluster, c.namespace, c.name, c.uid, c.version, c.at, c.keys from config_versions c join seen s using (cluster, namespace, name)`;
const FORGET = `
  with forgotten as (
    delete from object_changes o using (
      select cluster, uid, version, at, row_number() over (partition by cluster, uid order by at desc, version desc) as place from object_changes
    ) as p
    where o.cluster = p.cluster and o.uid = p.uid and o.version = p.version and (p.at < $1 or p.place > 20) returning 1
  ), stale as (
    delete from config_versions where at < $2
  )
  select count(*)::int as forgotten from forgotten`;

/** A ConfigMap that nobody wrote for so long is noted anew when it is next read. */
const CONFIG_DAYS = 90;

interface Row {
  cluster: string;
  uid: string;
  version: string;
  kind: string;
  namespace: string;
  name: string;
  at: Date;
  verb: ObjectChange['verb'];
  by: string | null;
  fields: ObjectChange['fields'];
}

export const changeMethods = (query: Query, clock: Clock): Pick<Store, 'recordChanges' | 'changesIn' | 'noteConfigVersions' | 'forgetChanges'> => ({
  async recordChanges(changes) {
    if (changes.length === 0) return;
    const rows = changes.map(({ object, ...c }) => ({ ...c, kind: object.kind, namespace: object.namespace ?? '', name: object.name }));
    await query('recording changes of objects', RECORD, [cleanJson(rows)]);
  },

  async changesIn({ cluster, namespaces, since }) {
    const rows = await query<Row>('reading changes of objects', IN, [cleanText(cluster), ['', ...namespaces.map(cleanText)], since]);
    return rows.map(({ kind, namespace, name, at, by, ...r }): ObjectChange => ({ ...r, object: { kind, ...(namespace ? { namespace } : {}), name }, at: at.toISOString(), ...(by ? { by } : {}) }));
  },

  async noteConfigVersions(versions) {
    if (versions.length === 0) return [];
    const rows = await query<Omit<ConfigVersion, 'at' | 'by'> & { at: Date }>('noting versions of ConfigMaps', NOTE, [cleanJson(versions)]);
    return rows.map((r) => ({ ...r, at: r.at.toISOString() }));
  },

  async forgetChanges(before) {
    const stale = new Date(Date.parse(clock.now()) - CONFIG_DAYS * 86_400_000).toISOString();
    const [row] = await query<{ forgotten: number }>('forgetting old changes of objects', FORGET, [before, stale]);
    return row!.forgotten;
  },
});
