{{/* Scales by a metric of the pods, or by CPU if that asks for more replicas or the metric is missing. A pod that ends makes
     its clients move, so the number of pods falls slowly. */}}
{{- define "parley.autoscaler" -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ .name }}
  labels: {{- include "parley.labels" . | nindent 4 }}
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: {{ .name }} }
  minReplicas: {{ .values.replicas }}
  maxReplicas: {{ .values.maxReplicas }}
  metrics:
    - type: Pods
      pods:
        metric: { name: {{ .metric }} }
        target: { type: AverageValue, averageValue: "{{ .average }}" }
    - type: Resource
      resource: { name: cpu, target: { type: Utilization, averageUtilization: {{ .root.Values.autoscaling.cpuPercent }} } }
  behavior:
    scaleDown:
      stabilizationWindowSeconds: 600
      policies: [{ type: Pods, value: 1, periodSeconds: 120 }]
{{- end }}
