import type { Installation } from './installation.js';

/** Both directions: anything that can post JSON may send alerts in; everything that happens may be posted out. */
export const webhookSnippet = ({ url, tokenCommand }: Installation): string => `In: anything that can post JSON sends alerts in the form of AlertManager's webhook.

${tokenCommand('kubernaut.token')}
curl -sS -X POST ${url}/alerts \\
  -H "Authorization: Bearer $(cat kubernaut.token)" -H 'Content-Type: application/json' \\
  -d '{"version":"4","alerts":[{"status":"firing","startsAt":"'"$(date -u +%Y-%m-%dT%H:%M:%SZ)"'",
       "labels":{"alertname":"KubePodCrashLooping","severity":"critical","namespace":"shop","deployment":"api"}}]}'

The labels name the object (namespace with deployment, statefulset, daemonset, pod, node …); 202 says what became of each alert.
Send "status":"resolved" with the same labels and startsAt when it is over.

Out: add to kubernaut.yaml, and every notification is posted there as JSON:

channels:
  log: {}
  webhook:
    url: https://example.com/kubernaut
    secret: …                # signs each body (HMAC-SHA256), so that the receiver can check who sent it`;
