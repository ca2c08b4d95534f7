{{/* Labels of all objects. Takes a dict with `name`. */}}
{{- define "parley.labels" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/part-of: parley
{{- end }}

{{/* Security of a pod. Takes the user id. */}}
{{- define "parley.podSecurity" -}}
enableServiceLinks: false # Otherwise Kubernetes would set variables for each Service.
automountServiceAccountToken: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ . }}
  runAsGroup: {{ . }}
  fsGroup: {{ . }}
  seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "parley.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end }}

{{/* A Service, a Deployment and a PodDisruptionBudget for one kind of process of Parley.
     Takes a dict: root, name, values, port, opsPort, ports (a dict), env (a list). */}}
{{- define "parley.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ .name }}
  labels: {{- include "parley.labels" . | nindent 4 }}
spec:
  clusterIP: None # Envoy and the other services choose a process themselves.
  {{- if eq .name "chat-service" }}
  publishNotReadyAddresses: true # A join token leads to one chat server, ready or not.
  {{- end }}
  selector: {{- include "parley.labels" . | nindent 4 }}
  ports:
    {{- range $name, $port := .ports }}
    - { name: {{ $name }}, port: {{ $port }} }
    {{- end }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .name }}
  labels: {{- include "parley.labels" . | nindent 4 }}
spec:
  {{- if not (and .root.Values.autoscaling.enabled .values.maxReplicas) }}
  replicas: {{ .values.replicas }}
  {{- end }}
  selector: { matchLabels: { app.kubernetes.io/name: {{ .name }}, app.kubernetes.io/part-of: parley } }
  strategy: { type: RollingUpdate, rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }
  template:
    metadata:
      labels: {{- include "parley.labels" . | nindent 8 }}
      annotations:
        prometheus.io/scrape: "true"
        prometheus.io/port: "{{ .ports.ops }}"
    spec:
      {{- include "parley.podSecurity" 1000 | nindent 6 }}
      # preStop, the drain within PARLEY_STOP_SECONDS, and 5 s to spare.
      terminationGracePeriodSeconds: {{ add .root.Values.stopSeconds 10 }}
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector: { matchLabels: { app.kubernetes.io/name: {{ .name }} } }
      containers:
        - name: {{ .name }}
          image: {{ .root.Values.image.repository }}:{{ .root.Values.image.tag }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          command: [node, dist/services/{{ .name }}.js]
          env:
            {{- with .env }}{{ toYaml . | nindent 12 }}{{ end }}
            - { name: PARLEY_HOST, value: 0.0.0.0 }
            {{- if .root.Values.tls.enabled }}
            - { name: PARLEY_TLS_CERT, value: /run/parley-tls/tls.crt }
            - { name: PARLEY_TLS_KEY, value: /run/parley-tls/tls.key }
            - { name: PARLEY_TLS_CA, value: /run/parley-tls/ca.crt }
            {{- if .root.Values.tls.mutual }}
            - { name: PARLEY_TLS_CLIENT_CA, value: /run/parley-tls/ca.crt }
            {{- end }}
            - { name: PARLEY_TLS_CHAT_NAME, value: chat-service } # Managers and gateways dial chat servers by IP address.
            {{- else }}
            - { name: PARLEY_INSECURE, value: "on" } # Only the network policies let other pods in.
            {{- end }}
            - { name: PARLEY_PORT, value: "{{ .port }}" }
            - { name: PARLEY_ADMIN_PORT, value: "{{ .ports.ops }}" }
            - { name: PARLEY_STOP_SECONDS, value: "{{ .root.Values.stopSeconds }}" }
            - { name: PARLEY_PROXIES, value: "{{ .root.Values.podNetworks }}" }
            - { name: PARLEY_DATABASE_URL_FILE, value: /run/parley/database-url }
            {{- range $name, $value := .values.settings }}
            - { name: {{ $name }}, value: {{ $value | quote }} }
            {{- end }}
          ports:
            {{- range $name, $port := .ports }}
            - { name: {{ $name }}, containerPort: {{ $port }} }
            {{- end }}
          {{- include "parley.containerSecurity" . | nindent 10 }}
          resources: {{- toYaml .values.resources | nindent 12 }}
          startupProbe: { httpGet: { path: /healthz, port: ops }, periodSeconds: 2, timeoutSeconds: 5, failureThreshold: 60 }
          readinessProbe: { httpGet: { path: /readyz, port: ops }, periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 2 }
          livenessProbe: { httpGet: { path: /healthz, port: ops }, periodSeconds: 20, timeoutSeconds: 10, failureThreshold: 6 }
          lifecycle: { preStop: { exec: { command: [sleep, "5"] } } } # Until Envoy has learned that this process stops.
          volumeMounts:
            - { name: database-url, mountPath: /run/parley, readOnly: true }
            {{- if .root.Values.tls.enabled }}
            - { name: tls, mountPath: /run/parley-tls, readOnly: true }
            {{- end }}
            - { name: tmp, mountPath: /tmp }
      volumes:
        - { name: database-url, secret: { secretName: parley-{{ .name }}, defaultMode: 288 } } # 0440
        {{- if .root.Values.tls.enabled }}
        - { name: tls, secret: { secretName: {{ index .root.Values.tls.secrets .name }}, defaultMode: 288 } } # 0440
        {{- end }}
        - { name: tmp, emptyDir: { medium: Memory, sizeLimit: 64Mi } }
---
{{ include "parley.budget" . }}
{{- end }}

{{- define "parley.budget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ .name }}
  labels: {{- include "parley.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  selector: { matchLabels: { app.kubernetes.io/name: {{ .name }}, app.kubernetes.io/part-of: parley } }
{{- end }}
