"""What backends and users test against: fakes, conformance kits, rendered faces, degradation."""
