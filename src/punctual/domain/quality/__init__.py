"""Quality plans, inspections, nonconformities, corrective actions, control charts."""
