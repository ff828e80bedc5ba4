"""What integration, interop and crash tests share: TAP, certificates, nodes, scripted peers."""
