import { controllerOf, podsOf, type KubeObject, type World } from '../../domain/kube.js';

/** A replicated PostgreSQL: a CloudNativePG Cluster, or a StatefulSet that Patroni leads. */
export interface Members {
  database: KubeObject;
  primary: KubeObject | undefined;
  replicas: KubeObject[];
  /** The operator is moving the primary by itself. */
  isMoving: boolean;
}

const LEADING = ['primary', 'master', 'leader'];
const ROLES = ['cnpg.io/instanceRole', 'spilo-role', 'role'];

const roleOf = (pod: KubeObject): string | undefined => ROLES.map((label) => pod.metadata.labels?.[label]).find((role) => role !== undefined);
const isPatroni = (pod: KubeObject): boolean => roleOf(pod) !== undefined && /"role"/.test(pod.metadata.annotations?.['status'] ?? '');

/** The database that an object is, or is a part of: its instance's pod or its claim. */
export function membersOf(object: KubeObject | undefined, world: World): Members | undefined {
  const top = object && (object.kind === 'Pod' || object.kind === 'PersistentVolumeClaim' ? ownerOf(object, world) : object);
  if (!top) return undefined;
  return top.kind === 'Cluster' ? cluster(top, world) : top.kind === 'StatefulSet' ? patroni(top, world) : undefined;
}

const ownerOf = (object: KubeObject, world: World): KubeObject | undefined => {
  const top = world.topOwnerOf(object);
  return top === object ? undefined : top;
};

function cluster(database: KubeObject, world: World): Members {
  const pods = world.list('Pod', database.metadata.namespace).filter((p) => controllerOf(p)?.uid === database.metadata.uid);
  const { currentPrimary, targetPrimary } = database.status ?? {};
  const primary = pods.find((p) => p.metadata.name === currentPrimary);
  return { database, primary, replicas: pods.filter((p) => p !== primary), isMoving: currentPrimary !== targetPrimary };
}

function patroni(database: KubeObject, world: World): Members | undefined {
  const pods = podsOf(world, database);
  if (!pods.some(isPatroni)) return undefined;
  const leading = pods.filter((p) => LEADING.includes(roleOf(p) ?? ''));
  const primary = leading.length === 1 ? leading[0] : undefined;
  return { database, primary, replicas: pods.filter((p) => p !== primary), isMoving: false };
}
