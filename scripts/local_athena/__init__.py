"""A local Athena for any dbt-athena project: AWS's APIs by moto, queries by Trino."""
