import { BlockList, isIP } from 'node:net';

/** Addresses that are not those of a host on the Internet (IANA special-purpose registries). */
const FOUR = [
  '0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24', '192.31.196.0/24', '192.52.193.0/24',
  '192.88.99.0/24', '192.168.0.0/16', '192.175.48.0/24', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4',
];
/** Inside of the global unicast range, which is all that is allowed. */
const SIX = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const blocked = listOf(FOUR, 'ipv4');
const blockedSix = listOf(SIX, 'ipv6');
const globalUnicast = listOf(['2000::/3'], 'ipv6');
/** IPv4 inside of IPv6: mapped, and translated by a NAT64, which is how a cluster with IPv6 alone reaches AWS. */
const EMBEDDING = listOf(['::ffff:0:0/96', '64:ff9b::/96'], 'ipv6');

function listOf(ranges: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address, bits] = range.split('/') as [string, string];
    list.addSubnet(address, Number(bits), family);
  }
  return list;
}

/** Can this address be that of a stranger's host on the Internet, and of nothing inside our network? */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !blocked.check(address, 'ipv4');
  if (family !== 6 || address.includes('%')) return false;
  if (EMBEDDING.check(address, 'ipv6')) return !blocked.check(lastFourBytes(address), 'ipv4');
  return globalUnicast.check(address, 'ipv6') && !blockedSix.check(address, 'ipv6');
}

/** The URL parser writes the last 32 bits as two groups of hex digits, whatever came in. */
function lastFourBytes(address: string): string {
  const groups = new URL(`http://[${address}]/`).hostname.slice(1, -1).split(':').slice(-2);
  const [high = 0, low = 0] = groups.map((g) => Number.parseInt(g || '0', 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
