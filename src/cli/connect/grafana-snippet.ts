import type { Installation } from './installation.js';

const TIME_HEADER = 'X-Grafana-Alerting-Timestamp';

/** Both sides of a signed contact point. The time is part of what is signed, so that a recorded request cannot be played back. */
export const grafanaSnippet = ({ url }: Pick<Installation, 'url'>): string => `# 1. one key for both sides:  openssl rand -hex 32

# 2. kubernaut.yaml
sources:
  grafana:
    hmac:
      keys: ["the key"]
      timestampHeader: ${TIME_HEADER}
    namespaces: []        # what Grafana may speak of; empty is all that this gateway serves

# 3. Grafana 12 or later: conf/provisioning/alerting/kubernaut.yaml (the key in a file that Grafana reads)
apiVersion: 1
contactPoints:
  - orgId: 1
    name: kubernaut
    receivers:
      - uid: kubernaut
        type: webhook
        disableResolveMessage: false
        settings:
          url: ${JSON.stringify(`${url}/api/v1/signals/grafana`)}
          httpMethod: POST
          hmacConfig:
            secret: $__file{/etc/grafana/kubernaut.key}
            header: X-Grafana-Alerting-Signature
            timestampHeader: ${TIME_HEADER}

# 4. send to the contact point from a notification policy with "continue matching", so that people go on being told.
#    Rules need labels that name the object: namespace with deployment, pod, node, …; and severity.`;
