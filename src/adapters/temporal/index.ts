export { connectTemporal, dataConverterOf, tlsOf, type TemporalConnection, type TemporalSettings } from './connect.js';
export { dispatchSignal, type RemediationMemo } from './dispatch.js';
export { fateOf, type Fate } from './fate.js';
export { toTemporalError } from './errors.js';
export { SEARCH_ATTRIBUTE_KEYS } from './search-attributes.js';
export { createTemporalGateway } from './temporal-gateway.js';
