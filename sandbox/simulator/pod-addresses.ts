/** Fake pod addresses, unique while in use: 10.244.x.y. */
export interface PodAddresses {
  take(uid: string, wanted: string | undefined): string;
  release(uid: string): void;
}

const first = 2;
const size = 250 * 250;

export function podAddresses(): PodAddresses {
  const ownerOf = new Map<string, string>();
  const addressOf = new Map<string, string>();
  let next = 0;
  const claim = (uid: string, address: string): string => {
    ownerOf.set(address, uid);
    addressOf.set(uid, address);
    return address;
  };
  const at = (index: number): string => `10.244.${String(Math.floor(index / 250))}.${String(first + (index % 250))}`;
  return {
    take(uid, wanted) {
      const own = addressOf.get(uid);
      if (own) return own;
      if (wanted && !ownerOf.has(wanted)) return claim(uid, wanted);
      for (let tries = 0; tries < size; tries++) {
        const address = at(next++ % size);
        if (!ownerOf.has(address)) return claim(uid, address);
      }
      throw new Error(`all ${String(size)} sandbox pod addresses are in use; delete pods`);
    },
    release(uid) {
      const address = addressOf.get(uid);
      if (address) ownerOf.delete(address);
      addressOf.delete(uid);
    },
  };
}
